import { trimReply } from './trim-reply';

const QUOTE = '> Hello,\n> how can we help?';
const ANSWER = 'It still does not work.';

describe('trimReply', () => {
  it.each([
    ['en', 'On Mon, Nov 16, 2026 at 10:12 AM Support <help@shop.test> wrote:'],
    ['en, name only', 'Support Team wrote:'],
    ['en, over two lines', 'On Monday, 16 November 2026 at 10:12, Support Team of the Shop\n<help@shop.test> wrote:'],
    ['de', 'Am 16.11.2026 um 10:12 schrieb Support <help@shop.test>:'],
    ['fr', 'Le lun. 16 nov. 2026 à 10:12, Support <help@shop.test> a écrit :'],
    ['es', 'El lun, 16 nov 2026 a las 10:12, Support (<help@shop.test>) escribió:'],
    ['pt', 'Em seg., 16 de nov. de 2026 às 10:12, Support <help@shop.test> escreveu:'],
    ['it', 'Il giorno lun 16 nov 2026 alle ore 10:12 Support <help@shop.test> ha scritto:'],
    ['nl', 'Op ma 16 nov 2026 om 10:12 schreef Support <help@shop.test>:'],
    ['pl', 'pon., 16 lis 2026 o 10:12 Support <help@shop.test> napisał(a):'],
    ['cs', 'po 16. 11. 2026 v 10:12 odesílatel Support <help@shop.test> napsal:'],
    ['ru', 'пн, 16 нояб. 2026 г. в 10:12, Support <help@shop.test>:'],
    ['ru, verb', '16 ноября 2026 г. 10:12 пользователь Support написал:'],
    ['sv', 'Den mån 16 nov. 2026 kl 10:12 skrev Support <help@shop.test>:'],
    ['da', 'Den man. 16. nov. 2026 kl. 10.12 skrev Support <help@shop.test>:'],
    ['nb', 'man. 16. nov. 2026 kl. 10:12 skrev Support <help@shop.test>:'],
    ['fi', 'ma 16. marrask. 2026 klo 10.12 Support (help@shop.test) kirjoitti:'],
    ['tr', 'Support <help@shop.test>, 16 Kas 2026 Pzt, 10:12 tarihinde şunu yazdı:'],
    ['ja', '2026年11月16日(月) 10:12 Support <help@shop.test>:'],
    ['zh', '于2026年11月16日周一 上午10:12写道：'],
    ['ko', '2026년 11월 16일 (월) 오전 10:12, Support <help@shop.test>님이 작성:'],
  ])('drops the quotation and the line above it: %s', (_language, attribution) => {
    expect(trimReply(`${ANSWER}\n\n${attribution}\n\n${QUOTE}\n`)).toBe(ANSWER);
  });

  it.each([
    ['en', 'From: Support <help@shop.test>\nSent: Monday, November 16, 2026 10:12 AM\nTo: Ann\nSubject: Your order'],
    ['en, names only', 'From: Support\nSent: Monday\nTo: Ann\nSubject: Your order'],
    ['de', 'Von: Support\nGesendet: Montag, 16. November 2026 10:12\nAn: Ann\nBetreff: Bestellung'],
    ['fr', 'De : Support <help@shop.test>\nEnvoyé : lundi 16 novembre 2026 10:12\nÀ : Ann\nObjet : commande'],
    ['es', 'De: Support\nEnviado el: lunes, 16 de noviembre de 2026 10:12\nPara: Ann\nAsunto: pedido'],
    ['pt', 'De: Support\nEnviada em: segunda-feira, 16 de novembro de 2026\nPara: Ann\nAssunto: pedido'],
    ['it', 'Da: Support\nInviato: lunedì 16 novembre 2026 10:12\nA: Ann\nOggetto: ordine'],
    ['nl', 'Van: Support\nVerzonden: maandag 16 november 2026 10:12\nAan: Ann\nOnderwerp: bestelling'],
    ['pl', 'Od: Support\nWysłano: 16 listopada 2026 10:12\nDo: Ann\nTemat: zamówienie'],
    ['cs', 'Od: Support\nOdesláno: 16. listopadu 2026 10:12\nKomu: Ann\nPředmět: objednávka'],
    ['ru', 'От: Support\nОтправлено: 16 ноября 2026 г. 10:12\nКому: Ann\nТема: заказ'],
    ['sv', 'Från: Support\nSkickat: den 16 november 2026 10:12\nTill: Ann\nÄmne: beställning'],
    ['da', 'Fra: Support\nSendt: 16. november 2026 10:12\nTil: Ann\nEmne: ordre'],
    ['fi', 'Lähettäjä: Support\nLähetetty: maanantai 16. marraskuuta 2026 10.12\nVastaanottaja: Ann\nAihe: tilaus'],
    ['tr', 'Kimden: Support\nGönderildi: 16 Kasım 2026 Pazartesi 10:12\nKime: Ann\nKonu: sipariş'],
    ['ja', '差出人: Support\n送信日時: 2026年11月16日 10:12\n宛先: Ann\n件名: 注文'],
    ['zh', '发件人: Support\n发送时间: 2026年11月16日 10:12\n收件人: Ann\n主题: 订单'],
    ['ko', '보낸 사람: Support\n보낸 날짜: 2026년 11월 16일 10:12\n받는 사람: Ann\n제목: 주문'],
    ['an unknown language', 'Ab: Support <help@shop.test>\nCd: 16.11.2026 10:12\nEf: Ann <ann@x.test>\nGh: Gegenstand'],
  ])('drops the history below a header block: %s', (_language, block) => {
    expect(trimReply(`${ANSWER}\n\n________________________________\n${block}\n\nHello, how can we help?`)).toBe(
      ANSWER,
    );
    expect(trimReply(`${ANSWER}\n\n${block.replace(/^/gm, '*')}\n\nHello`)).toContain(ANSWER);
  });

  it.each([
    '-----Original Message-----',
    '-----Ursprüngliche Nachricht-----',
    '-------- Message original --------',
    '--- Oryginalna wiadomość ---',
    '------------------ 原始邮件 ------------------',
    '---- Am Mo., 16 Nov. 2026 10:12:00 +0100 Support <help@shop.test> schrieb ----',
    '##- Please type your reply above this line -##',
    '=-=-= Bitte antworten Sie oberhalb dieser Linie =-=-=',
  ])('drops everything below %s', (marker) => {
    expect(trimReply(`${ANSWER}\n\n${marker}\n\nHello, how can we help?`)).toBe(ANSWER);
  });

  it('keeps answers between the quoted lines, with what they answer', () => {
    const text = 'On Nov 16, 2026, at 10:12, Support wrote:\n> Which model?\nThe red one.\n> Which size?\nForty-two.';
    expect(trimReply(text)).toBe('> Which model?\nThe red one.\n> Which size?\nForty-two.');
  });

  it('keeps quoted context when something stands above it', () => {
    const text = 'See below.\n\nOn Nov 16, 2026, Support wrote:\n> Which model?\nThe red one.';
    expect(trimReply(text)).toBe('See below.\n\n> Which model?\nThe red one.');
  });

  it.each([
    ['a quoted line that was broken on its way', `> ${'quoted words '.repeat(5)}\nand the rest of that line\n> more`],
    [
      'a signature and a legal notice below the quotation',
      `${QUOTE}\n\n-- \n${'This mail is confidential.\n'.repeat(20)}`,
    ],
    ['a list footer below the quotation', `${QUOTE}\n\n_______________________\nThe list\nlist@x.test`],
  ])('does not take for an answer: %s', (_what, below) => {
    expect(trimReply(`${ANSWER}\n\nOn Nov 16, 2026 at 10:12, Support wrote:\n${below}`)).toBe(ANSWER);
  });

  it('takes the answer below a whole quotation', () => {
    expect(trimReply(`On Nov 16, 2026 at 10:12 Support <help@shop.test> wrote:\n${QUOTE}\n\n${ANSWER}`)).toBe(ANSWER);
  });

  it.each([
    ['the separator', `${ANSWER}\n-- \nAnn Example\nAcme Ltd`],
    ['a phone', `${ANSWER}\n\nSent from my iPhone`],
    ['a phone, German', `${ANSWER}\n\nVon meinem iPhone gesendet`],
    ['a phone, Japanese', `${ANSWER}\n\niPhoneから送信`],
    ['signature and quotation', `${ANSWER}\n-- \nAnn\n\nOn Nov 16, 2026, Support wrote:\n${QUOTE}`],
    ['two signatures', `${ANSWER}\n\nSent from my phone\n-- \nAnn`],
  ])('drops the signature: %s', (_what, text) => {
    expect(trimReply(text)).toBe(ANSWER);
  });

  it.each([
    ['only a quotation', '> Which model?\n> Thanks'],
    ['only a signature', '--\nAnn'],
    ['only history', 'On Nov 16, 2026, Support wrote:\n> Which model?'],
  ])('never makes a text empty: %s', (_what, text) => {
    expect(trimReply(text)).toBe(text.trim());
  });

  it('keeps a forwarded mail: it is what the writer wants us to read', () => {
    const text = `Please pay this.\n\n---------- Forwarded message ---------\nFrom: Shop <shop@x.test>\nDate: Mon, 16 Nov 2026 10:12\nSubject: Invoice\nTo: Ann <ann@x.test>\n\nInvoice 7`;
    expect(trimReply(text)).toBe(text);
  });

  it.each([
    ['a colon in prose', 'I tried three things:\n- restart\n- reset\nNothing helped.'],
    ['a list with labels', 'Name: Ann\nModel: X200\nColour: red\n\nPlease send it.'],
    ['wrote in prose', 'I wrote: it does not work, and you did not answer.'],
    ['dashes', 'Part one\n\n----------\n\nPart two'],
  ])('leaves alone: %s', (_what, text) => {
    expect(trimReply(text)).toBe(text);
  });

  it.each([
    ['spaces', `hi ${' '.repeat(50_000)}x`],
    ['words after On', `On ${'a '.repeat(30_000)}`],
    ['attributions', 'On 1.1.2026 10:00 a@b.cd wrote:\n'.repeat(8000)],
    ['attributions and quotes', 'On 1.1.2026 10:00 a@b.cd wrote:\n> x\ny\n'.repeat(6000)],
    ['quote signs', '>'.repeat(200_000)],
    ['header words', 'From: '.repeat(30_000)],
    ['header lines', 'From: a@b.cd\n'.repeat(15_000)],
    ['dashes', `${'-'.repeat(200_000)}x`],
    ['dashed lines', `${'-'.repeat(300)}x\n`.repeat(600)],
    ['empty lines', `${'\n'.repeat(200_000)}x`],
    ['colons', 'a 10:00 b@c.de:\n'.repeat(12_000)],
    ['spaced colons', `: ${' '.repeat(390)}x\n`.repeat(500)],
  ])('is linear: %s', (_what, text) => {
    const start = process.cpuUsage();
    trimReply(text);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(1500);
  });
});
