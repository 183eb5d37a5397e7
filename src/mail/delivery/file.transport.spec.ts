import { captureName } from './file.transport.js';

it.each([
  ['<abc234@shop.test>', 'abc234.eml'],
  ['<../../etc/passwd@x>', '.._.._etc_passwd.eml'],
  ['<a b\0c@x>', 'a_b_c.eml'],
  [`<${'x'.repeat(500)}@y>`, `${'x'.repeat(120)}.eml`],
])('captures %j as %s', (messageId, expected) => expect(captureName(messageId)).toBe(expected));
