import { outcomeOf } from './outcome.js';
import type { SendResult } from './smtp-send.js';

const aResult = (changes: Partial<SendResult>): SendResult => ({
  isAccepted: false,
  phase: 'connect',
  response: null,
  responseCode: null,
  serverMessageId: null,
  errorCode: null,
  command: null,
  ...changes,
});

// The outcome table of reliability 2.5, one row a line: phase, code of the server, nodemailer's code, command, what it means.
it.each<[SendResult['phase'], number | null, string | null, string | null, string]>([
  ['connect', null, 'ESOCKET', 'CONN', 'retry connection'],
  ['connect', null, 'EDNS', 'CONN', 'retry connection'],
  ['connect', null, 'ECONNECTION', 'CONN', 'retry connection'],
  ['connect', null, 'ETIMEDOUT', 'CONN', 'retry timeout'],
  ['connect', null, 'ETLS', 'STARTTLS', 'retry tls'],
  ['connect', 502, 'ETLS', 'STARTTLS', 'retry tls'],
  ['connect', null, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'CONN', 'retry tls'],
  ['connect', null, 'ERR_TLS_CERT_ALTNAME_INVALID', 'CONN', 'retry tls'],
  ['connect', null, 'ECONNREFUSED', 'CONN', 'retry connection'],
  ['connect', 554, 'EPROTOCOL', 'CONN', 'retry connection'],
  ['connect', 421, 'ECONNECTION', 'EHLO', 'retry connection'],
  ['connect', 535, 'EAUTH', 'AUTH PLAIN', 'auth auth'],
  ['connect', 534, 'EAUTH', 'AUTH PLAIN', 'auth auth'],
  ['connect', 504, 'EAUTH', 'AUTH XOAUTH2', 'auth auth'],
  ['connect', null, 'EAUTH', 'API', 'auth auth'],
  ['connect', 454, 'EAUTH', 'AUTH PLAIN', 'retry auth'],
  ['envelope', 530, 'EENVELOPE', 'MAIL FROM', 'auth auth'],
  ['envelope', 451, 'EENVELOPE', 'MAIL FROM', 'retry rejected'],
  ['envelope', 550, 'EENVELOPE', 'MAIL FROM', 'refused rejected'],
  ['envelope', 550, 'EENVELOPE', 'RCPT TO', 'refused rejected'],
  ['envelope', 451, 'EENVELOPE', 'RCPT TO', 'retry rejected'],
  ['envelope', 451, 'EENVELOPE', 'DATA', 'retry rejected'],
  ['envelope', 554, 'EENVELOPE', 'DATA', 'refused rejected'],
  ['envelope', null, 'EMESSAGE', 'MAIL FROM', 'refused rejected'],
  ['envelope', null, 'EENVELOPE', 'API', 'refused rejected'],
  ['envelope', null, 'ESOCKET', 'CONN', 'retry connection'],
  ['envelope', null, 'ETIMEDOUT', 'CONN', 'retry timeout'],
  ['data', null, 'ESOCKET', 'CONN', 'lost unknown'],
  ['data', 552, 'EMESSAGE', 'DATA', 'refused rejected'],
  ['data', 250, null, 'DATA', 'lost unknown'],
  ['awaiting-reply', null, 'ECONNECTION', 'CONN', 'lost unknown'],
  ['awaiting-reply', null, 'ETIMEDOUT', 'CONN', 'lost unknown'],
  ['awaiting-reply', 354, 'EMESSAGE', 'DATA', 'lost unknown'],
  ['awaiting-reply', 421, 'EMESSAGE', 'DATA', 'retry rejected'],
  ['awaiting-reply', 451, 'EMESSAGE', 'DATA', 'retry rejected'],
  ['awaiting-reply', 550, 'EMESSAGE', 'DATA', 'refused rejected'],
  ['awaiting-reply', 552, 'EMESSAGE', 'DATA', 'refused rejected'],
])('%s %s %s %s means %s', (phase, responseCode, errorCode, command, expected) => {
  const outcome = outcomeOf(aResult({ phase, responseCode, errorCode, command }));
  expect(outcome.next === 'accepted' ? 'accepted' : `${outcome.next} ${outcome.reason}`).toBe(expected);
});

it('a 2xx to the whole mail is accepted', () => {
  expect(outcomeOf(aResult({ isAccepted: true, phase: 'awaiting-reply', responseCode: 250 }))).toEqual({
    next: 'accepted',
  });
});
