import { newId } from '../../common/id';
import type { AppConfig } from '../../config/app-config';
import { ThreadToken } from './thread-token';

const aToken = (credentialsKey: string): ThreadToken =>
  new ThreadToken({ secrets: { credentialsKey, jwtSecret: '' } } as AppConfig);

describe('ThreadToken', () => {
  const token = aToken('key');
  const id = newId();
  const address = token.addressFor('support@shop.test', id)!;

  it('finds the thread in its own address, whatever the case', () => {
    expect(address).toMatch(/^support\+t-[0-9a-f]{24}-[0-9a-f]{12}@shop\.test$/);
    expect(token.threadOf(address)).toBe(id);
    expect(token.threadOf(`<${address.toUpperCase()}>`.replace(/[<>]/g, ''))).toBe(id);
  });

  it('believes no other id, no other signature, no other key', () => {
    expect(token.threadOf(address.replace(id, newId()))).toBeNull();
    expect(token.threadOf(address.replace(/.@/, (end) => (end[0] === '0' ? '1@' : '0@')))).toBeNull();
    expect(aToken('other').threadOf(address)).toBeNull();
    expect(token.threadOf('support+t-x@shop.test')).toBeNull();
  });

  it('makes no address that mail servers refuse', () => {
    expect(token.addressFor(`${'a'.repeat(30)}@shop.test`, id)).toBeNull();
    expect(token.addressFor('support', id)).toBeNull();
  });
});
