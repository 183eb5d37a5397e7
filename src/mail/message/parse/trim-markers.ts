/**
 * What mail programs write around quoted history, in en de fr es pt it nl pl cs ru sv da nb fi tr ja zh ko. Patterns are
 * tried on one line of bounded length and have no nested repetition, so each is linear. A list is one alternative a word
 * group, separated by `|`; line breaks in it do not count.
 */
const alternatives = (list: string): string => list.trim().replace(/\|?\s*\n\s*/g, '|');

/** Stands where the HTML says that quoted history begins: a private-use character, taken out of every mail text. */
export const HISTORY_MARK = '\uE0F0';

const WROTE = alternatives(`
  wrote|writes|schrieb|schrieben|geschrieben|a écrit|écrivait|escribió|escribio|ha escrito|escreveu|ha scritto|scrisse
  schreef|heeft geschreven|geschreven|napisał|napisała|napisał\\(a\\)|pisze|napsal|napsala|napsal\\(a\\)
  написал|написала|написал\\(а\\)|пишет|skrev|kirjoitti|yazdı|şunu yazdı|님이 작성
`);
/** Languages that put no space before the verb. */
const WROTE_UNSPACED = 'のメール|書きました|写道|寫道|작성';
/** "On Monday, Ann wrote:", "Am Montag schrieb Ann:". */
export const ATTRIBUTION_VERB = new RegExp(`(?:^|[\\s,>）)"”])(?:${WROTE})(?=[\\s:：,(（]|$)|${WROTE_UNSPACED}`, 'iu');
/** Ends like an attribution: with a colon, or with the verb in languages that put it last. */
export const ATTRIBUTION_END = /(?:[:：]|のメール|書きました。?|写道|寫道)\s?>?$/u;

export const ADDRESS = /[^\s<>"'()@]{1,64}@[^\s<>"'()@]{1,190}\.[^\s<>"'()@]{2,24}/;
export const TIME = /(?:^|[^\d])\d{1,2}[:.h]\d{2}(?:$|[^\d])|\d{1,2}\s?(?:時|点|點|시)/;
export const DATE = /(?:^|[^\d])(?:19|20)\d{2}(?:$|[^\d])|(?:^|[^\d])\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2,4}/;

/** Between rules of dashes, or above a header block. */
export const ORIGINAL_WORDS = new RegExp(
  alternatives(`
    original message|reply message|previous message|original appointment
    urspr[uü]ngliche nachricht|urspr[uü]ngliche mail|originalnachricht|message d['’]origine|message original|message initial
    mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|origineel bericht
    wiadomość oryginalna|oryginalna wiadomość|původní zpráva|původní e-mail|исходное сообщение
    ursprungligt meddelande|originalmeddelande|oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti
    orijinal (?:mesaj|ileti)|özgün (?:mesaj|ileti)|元のメッセージ|オリジナルメッセージ|原始邮件|原始郵件|原邮件|원본 메시지|원본 메일
  `),
  'iu',
);
/** A forward is content that the writer wants us to read: never cut there. */
export const FORWARD_WORDS = new RegExp(
  alternatives(`
    forwarded message|begin forwarded|weitergeleitete nachricht|message transféré|début du message
    mensaje reenviado|mensagem encaminhada|messaggio inoltrato|doorgestuurd bericht
    wiadomość przekazana|przekazana wiadomość|přeposlaná zpráva|пересылаемое сообщение
    vidarebefordrat meddelande|videresendt|välitetty viesti|edelleenlähetetty|iletilen (?:mesaj|ileti)|yönlendirilen
    転送されたメッセージ|转发的?邮件|轉寄|전달된 메시지
  `),
  'iu',
);

/** `Label: value`, as in the header block that Outlook puts above the history. */
export const HEADER_LINE = /^\s*(?:>\s*)?\*{0,2}([\p{L}][\p{L} .'’-]{0,24}?)\s?\*{0,2}\s?[:：]\*{0,2}(?:\s|$|[^\s/])/u;
const label = (list: string): RegExp => new RegExp(`^(?:${alternatives(list)})$`, 'iu');
export const FROM_LABEL = label(`
  from|von|de|da|van|od|от|от кого|från|fra|lähettäjä|kimden|gönderen|差出人|送信者|发件人|寄件者|寄件人|보낸 사람|보낸사람
  expéditeur|remitente|mittente|odesílatel|nadawca|отправитель
`);
export const OTHER_LABEL = label(`
  sent|date|to|cc|subject|reply-to|gesendet|datum|an|betreff|envoyé|envoyé le|à|objet|date d.envoi
  enviado|enviado el|fecha|para|asunto|enviada em|enviado em|data|assunto|inviato|a|oggetto|verzonden|aan|onderwerp
  wysłano|wysłane|do|dw|temat|odesláno|komu|předmět|kopie|отправлено|дата|кому|копия|тема
  skickat|till|ämne|kopia|sendt|til|emne|lähetetty|päivämäärä|vastaanottaja|aihe|kopio
  gönderildi|gönderilme tarihi|tarih|kime|kim|bilgi|konu|送信日時|日付|日時|宛先|件名
  发送时间|发送日期|日期|时间|收件人|抄送|主题|寄件日期|傳送時間|收件者|副本|主旨
  보낸 날짜|보낸날짜|날짜|받는 사람|받는사람|참조|제목
`);

/** Ticket systems ask to write above such a line. */
export const REPLY_ABOVE = new RegExp(
  alternatives(`
    (?:reply|write|type|respond)[^\\n]{0,40}\\babove this line|(?:oberhalb|über) dieser (?:linie|zeile)
    au-dessus de cette ligne|(?:encima|arriba) de esta línea|acima desta linha|sopra questa (?:riga|linea)
    boven deze (?:lijn|regel)|powyżej tej linii|nad (?:tento|tímto) řádk|выше этой (?:линии|строки)
    ovanför (?:den här|denna) (?:raden|linjen)|over denne linj|tämän (?:rivin|viivan) yläpuolelle
    bu (?:satırın|çizginin) üst|この(?:行|線)より上|在此行(?:上方|以上)|此行之上|이 (?:줄|선) 위
  `),
  'iu',
);

/** The signature separator (RFC 3676 section 4.3) and what people make of it. */
export const SIGNATURE_LINE = /^(?:-- ?|—{1,20}|–{1,20}|_{2,5}|-{3})$/u;
/** What phones add. */
export const DEVICE_LINE = new RegExp(
  `^(?:${alternatives(`
    sent (?:from|via|with) (?:my|yahoo|mail|outlook|proton|samsung|gmail|the all)|get outlook for
    von meine[mr]? .{1,40}gesendet|gesendet (?:von|mit|über) |diese nachricht wurde von mein
    envoyé (?:de|depuis|à partir) |télécharge[rz]? outlook|enviado (?:desde|do|a partir|de meu|de mi) |obtener outlook
    obter o outlook|inviato da|scarica outlook|verzonden (?:vanaf|vanuit|met|via) |wysłan[eoy] z |pobierz outlook
    odesláno z|отправлено (?:с|из) |skickat från |sendt fra |lähetetty |[^\\n]{0,20}(?:dan|den) gönderildi
    [^\\n]{0,20}から送信|发自我的|從我的|从我的|傳送自|[^\\n]{1,20}에서 보냄
  `)})`,
  'iu',
);
