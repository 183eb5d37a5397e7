import { passwordProblem } from './password-rules';

describe('passwordProblem', () => {
  test.each([
    ['correct horse battery 7 staples'],
    ['gZ7#kq0P!x2m'],
    ['пароль для службы поддержки'],
    ['🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧'], // 12 code points, 24 UTF-16 units
    ['k9'.padEnd(128, 'xyzabcdefg')],
    ['administers seven lighthouses'],
  ])('takes %j', (password) => {
    expect(passwordProblem(password, 'admin')).toBeNull();
  });

  test.each([
    ['elevenchars', 'at least 12'],
    ['', 'at least 12'],
    ['🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔', 'at least 12'],
    ['x1'.padEnd(129, 'qwpoeirutzal'), 'at most 128'],
    ['aaaaaaaaaaaaaaaa', 'repeats'],
    ['121212121212', 'repeats'],
    ['PasswordPassword', 'common'],
    ['password12345', 'common'],
    ['Password2024!!', 'common'],
    ['12345678901234', 'common'],
    ['098765432109', 'common'],
    ['qwertyuiopasdf', 'common'],
    ['letmein!!!!!!', 'common'],
    ['!!!Administrator1', 'common'],
    ['ｐａｓｓｗｏｒｄ１２３４', 'common'], // full width: the same characters after NFKC
    ['jane.miller.support', 'user name'],
    ['JANE.MILLER.SUPPORT', 'user name'],
    ['troppus.rellim.enaj', 'user name'],
    ['jane.miller.support1', 'user name'],
  ])('refuses %j', (password, why) => {
    expect(passwordProblem(password, 'jane.miller.support')).toContain(why);
  });

  test('never repeats the password in its answer', () => {
    expect(passwordProblem('password12345', 'admin')).not.toContain('12345');
  });
});
