/**
 * Words that say nothing about the topic of a mail: articles, pronouns, auxiliaries and courtesies of the languages that
 * replies are written in, folded as the tokenizer does. They rank nothing (idf does that); they are left out of coverage,
 * because in a knowledge base of twenty articles "thanks" is a rarer word than "refund".
 */
const LISTS = {
  en: `a an and are as at be been but by can could did do does for from get had has have hello help hi how i if in into is it
    its just kind know let like me my need no not of on or our please regards so tell thank thanks that the their them then
    there they this to us want was we were what when where which who why will with would you your yours dear am im ive id
    any some about sincerely best cheers team also hope morning
    sir madam want wanted immediately soon asap now today still already yet really very much again since currently simply long many often`,
  de: `aber als am an auch auf aus bei bin bis bitte da danke dann das dass dem den der des die dies diese doch ein eine einem
    einen einer eines er es euch fur gruss grusse guten habe haben hallo hat ich ihr ihre ihnen im in ist ja kann konnen konnte
    konnten liebe lieber man mein meine meinem meinen meiner mich mir mit nach nicht noch nur oder schon sehr sehr geehrte
    geehrter damen herren sein sich sie sind so tag und uns unser vielen von war warum was wenn wer werden wie wieso will wir
    wird wo wurde wurden zu zum zur freundlichen mfg team
    sofort bald jetzt heute immer wieder mal eigentlich leider gerne dringend lange seit bereits`,
  fr: `a ai au aux avec avez avoir bonjour ce ces cette comment cordialement dans de des du elle en est et etre il ils j je l la
    le les leur lui ma mais me merci mes moi mon n ne nous on ont ou par pas plus pour pourquoi pouvez puis qu que quel quelle
    qui s sa salut se ses si son sont suis sur svp ta te tu un une vos votre vous y d c est cher chere equipe
    maintenant aujourd hui toujours encore deja tres vraiment immediatement depuis combien longtemps voudrais souhaite besoin`,
  es: `a al buenas buenos como con cual cuando de del desde dias donde el ella en era es esta estan este esto estoy favor fue
    gracias ha hay he hola la las le les lo los me mi mis muy no nos o para pero por porque puede pueden puedo que quien
    quiero saludos se ser si sin sobre son soy su sus tambien te tengo tiene tu un una uno y ya yo estimado estimada equipo
    ahora hoy siempre todavia inmediatamente urgente desde cuanto cuanta cuantos quisiera necesito queria`,
  pt: `a ao aos as boa bom com como da das de dia do dos e ela ele em era essa esse esta este estou eu favor foi ha isso isto ja
    la lhe mais mas me meu minha muito na nao nas no nos nossa o obrigada obrigado ola onde os ou para pela pelo pode podem por
    porque posso qual quando que quem quero se sem ser seu sou sua tambem tem tenho tudo um uma voce voces prezado equipe
    agora hoje sempre ainda imediatamente urgente desde quanto quantos gostaria preciso queria`,
  it: `a agli ai al alla alle anche buon buona buongiorno c che chi ci ciao come con cordiali cosa da dal dalla dei del della
    delle di dove e ed era essere favore grazie gli ha hai ho i il in io la le lei lo loro ma me mi mia mio molto ne nel nella
    no noi non o per perche piu posso puo qual quale quando quello questa questo sa salve saluti se sei si sono su sua suo ti
    tra tu un una uno vi voi vorrei gentile squadra
    adesso ora oggi sempre ancora subito urgente gia quanto quanti volevo bisogno`,
  nl: `aan al alle als ben bij daar dag dan dank dat de deze die dit doe doen door dus een en er ga geen goed graag groet groeten
    had hallo heb hebben heeft het hij hoe hun i ik in is ja je jullie kan kunnen kunt maar me met mij mijn moet na naar niet
    nog nu of om ons onze ook op over u uit uw van vriendelijke voor waar waarom wat we wel wie wil wij worden wordt ze zij
    zijn zo geachte beste team
    nu vandaag altijd alweer direct hoeveel lang lange sinds zou`,
};

export const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  Object.values(LISTS).flatMap((list) => list.split(/\s+/).filter(Boolean)),
);
