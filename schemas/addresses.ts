// What an IP address may look like in an object.
import ipaddr from 'ipaddr.js';

export const NOT_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

/** True for an IPv4 address of four decimal parts and for any IPv6 address without a zone. */
export function isAddress(text: string): boolean {
  if (text.includes(':')) return !text.includes('%') && ipaddr.IPv6.isValid(text);
  return /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(text) && ipaddr.IPv4.isValid(text);
}
