/** Why a mail may be urgent (or not), as words: shown to the person who reads it. */
export type CueKind = 'outage' | 'security' | 'legal' | 'deadline' | 'blocked' | 'repeated' | 'money' | 'no_hurry';

export interface Cue {
  kind: CueKind;
  /** Urgency points; see priority.ts for what they add up to. */
  points: number;
  /** Patterns over folded text (lower case, no accents), one per language: en, de, fr, es. */
  patterns: readonly RegExp[];
}

const cue = (kind: CueKind, points: number, ...patterns: string[]): Cue => ({
  kind,
  points,
  patterns: patterns.map((pattern) => new RegExp(String.raw`(?<![\p{L}\p{N}])(?:${pattern})(?![\p{L}\p{N}])`, 'u')),
});

/** Each kind counts once, whatever the language and however often it occurs. */
export const PRIORITY_CUES: readonly Cue[] = [
  cue(
    'security',
    4,
    'hack(?:ed|er|ers)|data (?:breach|leak)|security (?:breach|incident|hole|vulnerability)|compromised|ransomware|malware' +
      '|unauthori[sz]ed (?:access|charges?|transactions?|payments?|log-?ins?|purchases?|transfers?)|fraudulent|identity theft' +
      "|someone (?:else )?(?:has |is |was )?(?:accessed|using|logged|logging|changed)|stolen|(?:did not|didn't|never) (?:make|request|authori[sz]e) (?:this|that|the|it|these)",
    'gehackt|datenleck|datenpanne|sicherheitslucke|sicherheitsvorfall|unbefugt\\w*|fremdzugriff|kompromittiert|gestohlen|betrug\\w*',
    'pirat(?:e|ee|es|age)|fuite de donnees|acces non autorise|faille de securite|compromis[es]?|usurpation|frauduleu(?:x|se|ses)|vole(?:e|s)?',
    'hackead[oa]s?|pirate?ad[oa]s?|acceso no autorizado|filtracion de datos|fallo de seguridad|comprometid[oa]s?|fraudulent[oa]s?|robad[oa]s?',
  ),
  cue(
    'outage',
    4,
    '(?:system|site|website|server|service|platform|shop|store|production|network|everything|api|app) (?:is |are |has been |went |seems |appears )?(?:completely |totally |entirely )?(?:down|offline|unavailable)' +
      "|outage|(?:nobody|no one|none of us|no user)(?: here| in (?:the|our) (?:office|team|company))? can (?:log ?in|access|work|connect|print|send|reach)|(?:whole|entire) (?:team|company|office|department) (?:is |has |was )?(?:stopped|cannot|can't|blocked|stuck|offline|without)" +
      "|all (?:of )?(?:our |the )?(?:users|staff|employees|customers|team members|orders) (?:are|is|cannot|can't|get)|complete standstill|data loss|lost all (?:of )?(?:our|my|the) (?:data|files)",
    'totalausfall|ausfall|ausgefallen|(?:system|server|seite|webseite|shop|dienst|anlage) (?:ist )?(?:seit \\w+ )?(?:komplett )?(?:down|offline|nicht erreichbar)|niemand kann|steht (?:alles )?still|datenverlust|(?:keiner?|kein mitarbeiter|keine kollegin|kein nutzer|kein kunde) (?:\\w+ ){0,3}kann',
    'panne (?:generale|totale)|(?:site|serveur|service|systeme|application|plateforme) (?:est |sont )?(?:completement |totalement )?(?:hors service|en panne|inaccessible|indisponible|bloque)|plus personne ne peut|personne ne peut|toute (?:l.equipe|la societe|l.entreprise) (?:est bloquee|est a l.arret|ne peut)|perte de donnees',
    'caida (?:total|general)|(?:sistema|servidor|servicio|sitio|web|pagina|plataforma|tienda) (?:esta |sigue )?(?:completamente |totalmente )?(?:caid[oa]|fuera de servicio|inaccesible)|nadie puede|tod[oa] (?:el equipo|la empresa|la oficina) (?:esta parad[oa]|no puede)|perdida de datos',
  ),
  cue(
    'legal',
    3,
    'lawyer|lawyers|attorney|solicitor|legal (?:action|steps|proceedings|department|counsel)|lawsuit|sue you|suing|small claims|court|gdpr (?:complaint|request|violation)|data protection authority|ombudsman|consumer protection|chargeback|trading standards',
    'anwalt|anwaltin|rechtsanwalt\\w*|rechtliche schritte|gericht(?:lich\\w*)?|klage|anzeige|verbraucherzentrale|verbraucherschutz|datenschutzbehorde|abmahnung|mahnbescheid',
    'avocate?s?|action en justice|poursuites?|tribunal|mise en demeure|plainte|cnil|dgccrf|protection des consommateurs|huissier|voie judiciaire',
    'abogad[oa]s?|acciones legales|demanda(?:r|re)?|tribunal(?:es)?|juzgado|denuncia(?:r|re)?|proteccion de datos|hoja de reclamaciones|oficina del consumidor|organizacion de consumidores',
  ),
  cue(
    'deadline',
    2,
    '(?:very |extremely |really )?urgent(?:ly)?|asap|a\\.s\\.a\\.p|as soon as possible|immediate(?:ly)?|right away|right now|emergency|critical|deadline|by (?:tomorrow|tonight|today|noon|end of (?:the )?(?:day|business)|eod|cob)|within (?:the (?:next )?)?(?:hour|\\d+ (?:minutes|hours))|before (?:noon|tomorrow|the end of the day)|time[- ]sensitive|in (?:one|two|three|an|\\d+) hours?',
    'dringend\\w*|eilig|eilt|sofort\\w*|umgehend\\w*|unverzuglich|schnellstmoglich|so schnell wie moglich|notfall|bis (?:morgen|heute|heute abend|mittag)|noch heute|frist|innerhalb von \\d+ stunden',
    'urgent[es]*|urgence|immediatement|tout de suite|au plus vite|des que possible|dans les plus brefs delais|d.ici (?:demain|ce soir|midi)|avant (?:demain|ce soir|midi)|delai imparti|dans l.heure',
    'urgentes?|urgencia|inmediat(?:o|a|amente)|de inmediato|cuanto antes|lo antes posible|hoy mismo|antes de (?:manana|mediodia|hoy)|para (?:manana|hoy)|fecha limite|plazo',
  ),
  cue(
    'blocked',
    1.5,
    "(?:can(?:no|')?t|unable to|not able to) (?:log ?in|sign ?in|access|work|pay|print|use|send|open|connect|check ?out)|locked (?:me )?out|blocked|stuck|stopped working|(?:does not|doesn't|isn't|not) work(?:ing)? at all|lost access",
    '(?:kann|konnen) (?:\\w+ ){0,4}(?:nicht|kein\\w*|nichts)(?: mehr)? (?:\\w+ ){0,2}(?:einloggen|anmelden|arbeiten|zugreifen|drucken|bezahlen|offnen|versenden)|gesperrt|ausgesperrt|geht (?:gar )?nicht(?:s)?(?: mehr)?|funktioniert (?:gar )?nicht(?: mehr)?',
    '(?:ne |n.)(?:peux|peut|pouvons|arrive|arrivons|parviens) (?:plus|pas)|bloque(?:e|s|es)?|impossible d(?:e|.)|ne (?:marche|fonctionne)(?:nt)? (?:plus|pas)',
    'no (?:puedo|podemos|consigo|logro) (?:\\w+ ){0,2}(?:acceder|entrar|iniciar|trabajar|pagar|imprimir|abrir|enviar)|bloquead[oa]s?|ha dejado de funcionar|no funciona',
  ),
  cue(
    'repeated',
    1,
    "(?:second|third|fourth|fifth|2nd|3rd|4th) (?:time|e-?mail|message|attempt|request|reminder)|still (?:no|not|waiting|haven't|have not|hasn't)|no (?:answer|reply|response)|(?:several|many|multiple) times|again and again|yet again|weeks? ago|ignored|for (?:weeks|months)",
    '(?:zweite|dritte|vierte|mehrere|wiederholte?)\\w* (?:mal|mails?|nachricht|anfrage|versuch|aufforderung)|(?:immer )?noch (?:immer )?(?:keine?|nicht)|keine (?:antwort|reaktion|ruckmeldung)|zum (?:zweiten|dritten|wiederholten) mal|mehrfach|seit wochen|erneut',
    '(?:deuxieme|troisieme|quatrieme|enieme) (?:fois|mail|message|relance|demande)|toujours (?:pas|aucune|rien)|aucune reponse|sans reponse|plusieurs fois|depuis des semaines',
    '(?:segunda|tercera|cuarta|enesima) vez|(?:segundo|tercer|cuarto) (?:correo|mensaje|intento)|(?:todavia|aun|sigo|seguimos) (?:no|sin)|sin respuesta|varias veces|desde hace semanas',
  ),
  cue(
    'money',
    1.5,
    '(?:charged|billed|debited|paid|deducted) (?:me |us )?(?:twice|double|again|two times|three times)|double charged?|overcharged|(?:wrong|incorrect) (?:amount|charge)|account (?:is |was )?suspended|final (?:notice|reminder)|overdue|(?:charged|billed|debited) after',
    'doppelt (?:ab(?:gebucht|gerechnet)|berechnet|belastet)|zweimal (?:ab(?:gebucht|gerechnet)|berechnet|belastet)|zu viel (?:abgebucht|berechnet)|letzte mahnung|uberfallig',
    'debite(?:e|s)? (?:deux fois|en double)|prelev\\w+ (?:deux fois|en double)|factur\\w+ (?:deux fois|en double)|double (?:facturation|prelevement)|trop preleve|dernier rappel',
    'cobr\\w+ (?:dos veces|doble|por duplicado)|doble (?:cargo|cobro)|cargo duplicado|cobrado de mas|ultimo aviso|vencid[oa]',
  ),
  cue(
    'no_hurry',
    -3,
    "no (?:rush|hurry|urgency)|not (?:at all )?urgent|isn't urgent|when(?:ever)? you (?:have|get|find) (?:a )?(?:time|moment|minute|chance)|low priority|nothing urgent|just (?:curious|wondering|a (?:quick|small) (?:thought|note|idea))|no need to (?:reply|answer)",
    'keine eile|nicht (?:so )?(?:dringend|eilig)|eilt nicht|wenn sie (?:mal )?zeit haben|bei gelegenheit|hat zeit',
    'pas (?:du tout )?urgent|rien d.urgent|sans urgence|aucune urgence|quand vous (?:aurez|avez) (?:le temps|un moment)|pas presse',
    'no es urgente|sin prisas?|no hay prisa|no corre prisa|cuando (?:pueda|puedan|tenga|tengan)(?: (?:un momento|tiempo))?|nada urgente',
  ),
];
