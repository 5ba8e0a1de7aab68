// Pure parts of a real node: which ranges are taken, the bridge's address, the table that masquerades.
import { gatewayOf } from '../../../../actors/node/agent/network/bridge.ts';
import { masqueradeTable } from '../../../../actors/node/agent/network/masquerade.ts';
import { routedCidrs } from '../../../../actors/node/agent/real-machine.ts';

test('prefixes with a route are taken, but for the default route and our own bridge’s', () => {
  const routes = [
    { dst: 'default', dev: 'eth0' },
    { dst: '192.0.2.0/24', dev: 'eth0' },
    { dst: '192.0.2.0/24', dev: 'eth1' },
    { dst: '198.51.100.7', dev: 'tun0' },
    { dst: '10.244.0.0/24', dev: 'troupe123456789' },
    { dst: '10.244.1.0/24', dev: 'troupe987654321' },
  ];
  expect(routedCidrs(routes, ['troupe123456789'])).toEqual([
    '192.0.2.0/24',
    '198.51.100.7/32',
    '10.244.1.0/24',
  ]);
});

test('the bridge has the first address of the range', () => {
  expect(gatewayOf('10.244.3.0/24')).toBe('10.244.3.1/24');
  expect(() => gatewayOf('fd00::/64')).toThrow('"fd00::/64" is no range of pod addresses');
});

test('only what leaves the cluster is masqueraded', () => {
  const table = masqueradeTable({ bridge: 'troupe0', podCIDR: '10.244.3.0/24', podNetwork: '10.244.0.0/16' });
  expect(table.split('\n').map((line) => line.trim())).toContain(
    'ip saddr 10.244.3.0/24 ip daddr != 10.244.0.0/16 oifname != "troupe0" masquerade',
  );
});
