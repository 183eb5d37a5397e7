import { LanguageDetector } from './language-detector.js';

describe('LanguageDetector', () => {
  const detector = new LanguageDetector();

  it.each([
    ['en', 'I was charged twice for my subscription this month.'],
    ['de', 'Der Drucker druckt seit heute früh nicht mehr.'],
    ['fr', 'Je voudrais annuler mon abonnement à la fin du mois.'],
    ['es', 'No puedo iniciar sesión en mi cuenta desde ayer.'],
    ['pt', 'Não consigo aceder à minha conta desde ontem.'],
    ['it', 'Non riesco ad accedere al mio account da ieri.'],
    ['nl', 'Ik kan sinds gisteren niet meer inloggen op mijn account.'],
    ['pl', 'Nie mogę zalogować się na swoje konto od wczoraj.'],
    ['ru', 'Я не могу войти в свою учётную запись со вчерашнего дня.'],
    ['ja', '昨日からアカウントにログインできません。助けてください。'],
    ['zh', '我从昨天开始就无法登录我的帐户,请帮我解决这个问题。'],
    ['ar', 'لا أستطيع تسجيل الدخول إلى حسابي منذ الأمس'],
  ])('recognises %s', async (language, text) => {
    expect(await detector.detect(text)).toBe(language);
  });

  it.each([
    ['fewer than 20 characters', 'Hallo, wie geht es'],
    ['nothing', ''],
    ['numbers only', '1234567890 1234567890 1234567890'],
    ['an address and a link', 'someone@example.com https://example.com/a/very/long/link'],
  ])('does not guess from %s', async (_, text) => {
    expect(await detector.detect(text)).toBeNull();
  });

  it('ignores links and addresses around the words', async () => {
    const text = 'https://www.example.com/the/english/looking/link/with/many/words Bitte senden Sie mir die Rechnung.';

    expect(await detector.detect(text)).toBe('de');
  });
});
