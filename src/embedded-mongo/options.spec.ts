import { parseCommandLine, UsageError } from './options.js';

describe('parseCommandLine', () => {
  it('reads the flags', () => {
    const line = parseCommandLine(['--dir', 'd', '--port', '0', '--credentials-file', 'c', '--parent-watch']);
    expect(line).toEqual({
      dir: 'd',
      port: 0,
      host: '127.0.0.1',
      credentialsFile: 'c',
      testCommands: false,
      parentWatch: true,
    });
  });

  it('needs no port to copy', () => {
    expect(parseCommandLine(['--dir', 'd', '--backup', 'to'])).toMatchObject({ backup: 'to' });
  });

  it.each([
    [[]],
    [['--dir', 'd']],
    [['--port', '1']],
    [['--dir', 'd', '--port', 'x']],
    [['--dir', 'd', '--port', '70000']],
    [['--dir', 'd', '--port', '1', '--what']],
  ])('refuses %j', (args) => {
    expect(() => parseCommandLine(args)).toThrow(UsageError);
  });
});
