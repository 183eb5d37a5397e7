import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';

/** A host that may be connected to: the address that was checked, and the name that its certificate must bear. */
export interface CheckedHost {
  address: string;
  /** For SNI and the certificate check; undefined when the host was given as an address. */
  servername: string | undefined;
  isLoopback: boolean;
}

export type Reach = 'public' | 'private' | 'loopback' | 'forbidden';

type Range = [address: string, prefix: number, family: 'ipv4' | 'ipv6'];

const listOf = (ranges: Range[]): BlockList => {
  const list = new BlockList();
  for (const [address, prefix, family] of ranges) list.addSubnet(address, prefix, family);
  return list;
};

/** Never a mail server: cloud metadata, link-local, unspecified, multicast, reserved. */
const FORBIDDEN = listOf([
  ['0.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'], // link-local with the metadata service of most clouds (RFC 3927)
  ['100.100.100.200', 32, 'ipv4'], // metadata, Alibaba Cloud
  ['168.63.129.16', 32, 'ipv4'], // platform services, Azure
  ['192.0.0.0', 24, 'ipv4'], // protocol assignments, and metadata of Oracle Cloud
  ['224.0.0.0', 4, 'ipv4'],
  ['240.0.0.0', 4, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::', 32, 'ipv6'], // metadata, AWS
  ['fd20:ce::', 32, 'ipv6'], // metadata, Google Cloud
  ['ff00::', 8, 'ipv6'],
]);
const LOOPBACK = listOf([
  ['127.0.0.0', 8, 'ipv4'],
  ['::1', 128, 'ipv6'],
]);
const PRIVATE = listOf([
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'], // carrier-grade NAT (RFC 6598)
  ['198.18.0.0', 15, 'ipv4'], // benchmarks (RFC 2544)
  ['fc00::', 7, 'ipv6'],
  ['fec0::', 10, 'ipv6'],
]);

/** Where an IP address leads (RFC 6890), looking through IPv4 inside IPv6: mapped, NAT64 (RFC 6052) and 6to4 (RFC 3056). */
export function reachOf(address: string): Reach {
  const plain = embeddedIpv4(address) ?? address;
  const family = isIPv6(plain) ? 'ipv6' : 'ipv4';
  if (FORBIDDEN.check(plain, family)) return 'forbidden';
  if (LOOPBACK.check(plain, family)) return 'loopback';
  return PRIVATE.check(plain, family) ? 'private' : 'public';
}

function embeddedIpv4(address: string): string | null {
  if (!isIPv6(address)) return null;
  // The URL parser writes an address in its one canonical form (RFC 5952).
  const groups = expandGroups(new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1));
  const leadingZeros = groups.slice(0, 5).every((group) => group === 0);
  if (leadingZeros && groups[5] === 0xffff) return dotted(groups[6]!, groups[7]!);
  if (groups[0] === 0x64 && groups[1] === 0xff9b) return dotted(groups[6]!, groups[7]!);
  if (groups[0] === 0x2002) return dotted(groups[1]!, groups[2]!);
  return null;
}

function expandGroups(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const parse = (part: string | undefined): number[] =>
    part ? part.split(':').map((group) => parseInt(group, 16)) : [];
  if (tail === undefined) return parse(head);
  const [left, right] = [parse(head), parse(tail)];
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

const dotted = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');

export type Resolver = (host: string) => Promise<string[]>;

const resolveAll: Resolver = async (host) => (await lookup(host, { all: true })).map((entry) => entry.address);

/**
 * Decides whether a configured host may be connected to. The caller connects to the returned address, not to the name:
 * a DNS answer that changes after the check has no effect.
 */
@Injectable()
export class HostGuard {
  /** Replaced in tests; getaddrinfo also understands 127.1 and 0x7f.1, so the check is on its result. */
  resolve: Resolver = resolveAll;

  constructor(private readonly config: AppConfig) {}

  /** @throws AppError MAIL_CONNECTION when the name does not resolve (retryable) or leads where it must not */
  async check(host: string): Promise<CheckedHost> {
    const addresses = await this.addressesOf(host);
    const reaches = addresses.map(reachOf);
    if (reaches.includes('forbidden')) throw refused('a link-local, metadata or reserved address');
    if (!this.config.env.ALLOW_PRIVATE_HOSTS && reaches.some((reach) => reach !== 'public')) {
      throw refused('a private or loopback address, and ALLOW_PRIVATE_HOSTS is false');
    }
    return {
      address: addresses[0]!,
      servername: isIP(host) ? undefined : host,
      isLoopback: reaches.every((reach) => reach === 'loopback'),
    };
  }

  private async addressesOf(host: string): Promise<string[]> {
    try {
      const addresses = await this.resolve(host);
      if (addresses.length > 0) return addresses;
    } catch (error) {
      throw new AppError('MAIL_CONNECTION', 'The host name of the mail server cannot be resolved.', {
        retryable: true,
        cause: error,
      });
    }
    throw new AppError('MAIL_CONNECTION', 'The host name of the mail server has no address.', { retryable: true });
  }
}

const refused = (what: string): AppError =>
  new AppError('MAIL_CONNECTION', `The host of the mail server leads to ${what}.`);
