import { Clock } from '../../common/clock.js';
import { Alarm } from './alarm.js';

describe('Alarm', () => {
  it('sleeps for the given time', async () => {
    expect(await new Alarm(new Clock()).wait(5)).toBe(false);
  });

  it('is cut short by a ring, once', async () => {
    const alarm = new Alarm(new Clock());
    const waiting = alarm.wait(60_000);
    alarm.ring();
    expect(await waiting).toBe(true);
    expect(await alarm.wait(5)).toBe(false);
  });

  it('remembers a ring that came while nobody slept', async () => {
    const alarm = new Alarm(new Clock());
    alarm.ring();
    alarm.ring();
    expect(await alarm.wait(60_000)).toBe(true);
    expect(await alarm.wait(5)).toBe(false);
  });
});
