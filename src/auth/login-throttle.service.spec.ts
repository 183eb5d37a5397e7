import { delaySeconds, loginCounters, networkOf } from './login-throttle.service';

test.each([
  ['192.0.2.77', '192.0.2.0/24'],
  ['::ffff:192.0.2.77', '192.0.2.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8::5', '2001:db8:0:0::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', 'unknown'],
  ['not an address', 'unknown'],
])('network of %j is %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});

test('five failures are free, then the wait doubles up to 15 minutes', () => {
  const waits = Array.from({ length: 16 }, (_, failures) => delaySeconds(failures, 5));
  expect(waits).toEqual([0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  expect(delaySeconds(100_000, 5)).toBe(900);
});

test('keys of counters do not show what was typed as a name', () => {
  const keys = loginCounters('my secret typed in the wrong field', '192.0.2.1').map(({ key }) => key);
  expect(keys.join()).not.toContain('secret');
  expect(keys[0]).toMatch(/^account:[0-9a-f]{32}$/);
  expect(keys[1]).toBe('network:192.0.2.0/24');
});
