import ipaddr from 'ipaddr.js';
import type { WhenDocument } from '../document.ts';
import { shown } from '../text-forms.ts';
import type { Findings, Path } from './findings.ts';
import type { Sound } from './structure.ts';

type Block = ReturnType<typeof ipaddr.parseCIDR>;
type Network = Sound<NonNullable<WhenDocument['network']>>;

/** Reports ranges that are none, and an `in` that `notIn` takes away again. */
export function checkNetwork(findings: Findings, network: Network | undefined, at: Path): void {
  const inside = checkRanges(findings, network?.in, [...at, 'in']);
  const outside = checkRanges(findings, network?.notIn, [...at, 'notIn']);
  if (inside.length === 0 || inside.includes(undefined)) return;
  const taken = inside.every((block) => outside.some((other) => other !== undefined && contains(other, block as Block)));
  if (taken) findings.fault([...at, 'notIn'], 'can never match: it takes away every range of `in`');
}

function checkRanges(findings: Findings, ranges: readonly string[] | undefined, at: Path): readonly (Block | undefined)[] {
  return (ranges ?? []).map((range, index) => {
    const block = parseRange(range);
    const place = [...at, index];
    if (block === undefined)
      findings.fault(place, `${shown(range)} is not an address or a CIDR range, like "10.0.0.0/8" or "2001:db8::/32"`);
    else noteHostBits(findings, range, block, place);
    return block;
  });
}

/** Short, octal and hexadecimal forms of an address, and zones, are no address here: programs differ on what they mean. */
function parseRange(range: string): Block | undefined {
  const [address = '', bits, ...more] = range.split('/');
  const isV4 = ipaddr.IPv4.isValidFourPartDecimal(address) && !/(?:^|\.)0\d/.test(address);
  const isV6 = address.includes(':') && !address.includes('%') && ipaddr.IPv6.isValid(address);
  const widest = isV4 ? 32 : 128;
  if (!(isV4 || isV6) || more.length > 0 || (bits !== undefined && !(/^(?:0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= widest)))
    return undefined;
  return ipaddr.parseCIDR(`${address}/${bits ?? widest}`);
}

function noteHostBits(findings: Findings, range: string, [address, bits]: Block, at: Path): void {
  const Kind = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  const network = Kind.networkAddressFromCIDR(`${address.toString()}/${bits}`).toString();
  if (network !== address.toString()) findings.notice(at, `${shown(range)} is taken as "${network}/${bits}"`);
}

function contains([outer, outerBits]: Block, [inner, innerBits]: Block): boolean {
  return outer.kind() === inner.kind() && outerBits <= innerBits && inner.match(outer as never, outerBits);
}
