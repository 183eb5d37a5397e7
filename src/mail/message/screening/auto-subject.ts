/** Prefixes that people and programs stack before the real subject. */
const REPLY_PREFIX = /^\s*(?:(?:re|aw|antw|sv|vs|odp|ynt|回复|回覆|답장)\s?(?:\[\d+\])?\s?[:：]\s*){0,10}/iu;

const list = (text: string): string => text.trim().replace(/\|?\s*\n\s*/g, '|');

/** How automatic replies begin, in the languages of trim-markers.ts. A weak sign: people write such subjects too. */
const AUTO_REPLY = new RegExp(
  `^(?:${list(`
    auto(?:matic)?[ -]?(?:re(?:ply|sponse|spond)|:)|autoreply|autoresponse|out of (?:the )?office|ooo\\s?:|vacation (?:reply|response)
    abwesenheit|automatische (?:antwort|rückmeldung)|réponse automatique|absence du bureau|respuesta automática
    fuera de (?:la )?oficina|resposta automática|risposta automatica|fuori sede|automatisch antwoord|afwezig
    automatická odpověď|odpowiedź automatyczna|autoodpowiedź|автоматический ответ|автоответ|автоматическое
    autosvar|automatiskt? svar|frånvaro|fravær|automaattinen vastaus|poissa|otomatik (?:yanıt|cevap)
    自動(?:返信|応答)|不在|自动回复|自動回覆|자동 ?(?:응답|회신)|부재중
  `)})`,
  'iu',
);

/** How delivery failures begin. */
const BOUNCE = new RegExp(
  `^(?:${list(`
    undeliver(?:able|ed)|delivery (?:status|failure|has failed|notification|report|delayed|problem|error)|mail delivery (?:failed|failure|system|status|error)
    returned mail|failure notice|failed (?:mail|delivery)|mail (?:could not be delivered|system error|failure|status report)
    message (?:status|could not be delivered|delivery|undeliverable)|non[- ]?deliver(?:y|able)|nondeliverable|delivery to .{1,80} failed
    could not deliver|cannot deliver|unable to deliver|warning: (?:could not send|message)|user unknown|email (?:delivery|undeliverable)|complaint about message from
    unzustellbar|nicht zugestellt|zustellung fehlgeschlagen|non remis|échec de (?:la )?remise|no se puede entregar|error de entrega
    não (?:foi )?entregue|mancato recapito|onbestelbaar|nie dostarczono|nedoručiteln|не удалось доставить|недоставлен
    toimitus epäonnistui|teslim edilemedi|配信(?:不能|できません)|送信できませんでした|退信|系统退信|반송
  `)})`,
  'iu',
);

/** `auto_reply_subject`, `bounce_subject`, or null. */
export function autoSubject(subject: string): 'auto_reply_subject' | 'bounce_subject' | null {
  const bare = subject
    .slice(0, 300)
    .replace(REPLY_PREFIX, '')
    .replace(/^[\s*"'[(<【]+/u, '');
  if (AUTO_REPLY.test(bare)) return 'auto_reply_subject';
  return BOUNCE.test(bare) ? 'bounce_subject' : null;
}
