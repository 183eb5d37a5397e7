/**
 * Words that lead the published lists of leaked passwords, in the form `passwordCore` gives: lower case, without digits and
 * signs at both ends. Passwords shorter than 12 characters are refused anyway, so that only words people stretch matter.
 */
export const COMMON_WORDS: ReadonlySet<string> = new Set(
  `
  password passwords passw0rd p@ssword p@ssw0rd pa$$word pass passpass passwordpassword mypassword newpassword
  thisismypassword yourpassword defaultpassword password1password pass1234word passphrase passcode
  qwerty qwertyuiop qwertyui qwertz qwertzuiop azerty azertyuiop asdfghjkl asdfasdf asdfghjklzxcvbnm zxcvbnm zxcvbnmasdfghjkl
  qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm qwertyqwerty qweasdzxc qweasd qazwsx qazwsxedc qazwsxedcrfv qaz2wsx3edc
  1q2w3e4r5t6y 1qaz2wsx3edc 1qaz2wsx 1q2w3e4r 1q2w3e
  abc abcabc abcdef abcdefg abcdefgh abcdefghi abcdefghijkl abcdefghijklm abcdefghijklmnop abcdefghijklmnopqrstuvwxyz aabbccddeeff
  admin administrator administrador adminadmin admin123admin superadmin sysadmin root rootroot toor superuser user useruser guest
  letmein letmeinnow letmeinplease welcome welcomehome welcomeback changeme changemenow changethis changeit
  default secret secretsecret topsecret mysecret master access login loginlogin test testtest testing testtesttest temp temporary
  demo sample example iloveyou iloveyouforever iloveu ihateyou loveyou lovelove trustno monkey dragon sunshine princess football
  baseball basketball superman batman spiderman starwars pokemon shadow michael jennifer jordan computer internet
  samsung samsungsamsung google facebook whatever freedom hello hellohello helloworld hello123world flower blink mustang
  liverpool manchester chelsea arsenal barcelona realmadrid christian jesuschrist godisgood blessed fuckyou fuckoff
  correcthorsebatterystaple correct horse battery staple
  winter spring summer autumn january february march april june july august september october november december
  monday tuesday wednesday thursday friday saturday sunday
  support supportsupport helpdesk servicedesk customerservice customersupport company companyname office email emailagent
  mailwright mailwrightadmin mailwrightpassword mongodb openai docker kubernetes nestjs
  `
    .trim()
    .split(/\s+/),
);

/** Rows of keys, digits and letters that runs of a password are looked up in, both ways. */
export const COMMON_RUNS: readonly string[] = [
  '01234567890123456789012345678901234567890',
  'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnmqwertyuiop',
];
