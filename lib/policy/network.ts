import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.process>;
type Range = readonly [Address, number];

const MOST_REMEMBERED = 4_096;

/**
 * Whether an address is in one of the ranges; `undefined` for a text that is no address. An IPv4 address mapped into IPv6 counts
 * as the IPv4 address it is. Short, octal and hexadecimal forms of IPv4 are no addresses: programs differ on which one they mean.
 */
export type NetworkSet = (ip: string) => boolean | undefined;

/** @throws {Error} if a range is not an address or CIDR block. */
export function networkSet(ranges: readonly string[]): NetworkSet {
  const blocks = ranges.map(parseRange);
  let remembered = new Map<string, boolean | undefined>();
  return (ip) => {
    const known = remembered.get(ip);
    if (known !== undefined) return known;
    const inside = isInside(ip, blocks);
    if (remembered.size >= MOST_REMEMBERED) remembered = new Map();
    remembered.set(ip, inside);
    return inside;
  };
}

function parseRange(range: string): Range {
  const [address, bits] = range.includes('/') ? ipaddr.parseCIDR(range) : [ipaddr.parse(range), undefined];
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && (bits ?? 128) >= 96) {
    return [address.toIPv4Address(), (bits ?? 128) - 96];
  }
  return [address, bits ?? (address.kind() === 'ipv4' ? 32 : 128)];
}

function isInside(ip: string, blocks: readonly Range[]): boolean | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(ip) && !ipaddr.IPv6.isValid(ip)) return undefined;
  const address = ipaddr.process(ip);
  return blocks.some(([block, bits]) => block.kind() === address.kind() && address.match(block as never, bits));
}
