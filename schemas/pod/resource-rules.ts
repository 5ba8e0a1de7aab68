// The rules for requests and limits.
import { child, type Findings } from '../findings.ts';
import { NOT_NEGATIVE } from '../metadata-rules.ts';
import { qualifiedNameErrors } from '../names.ts';
import { compareQuantities, nanosOf } from '../quantity.ts';
import type { ResourceRequirements } from './container.ts';

const STANDARD = ['cpu', 'memory', 'ephemeral-storage'];
const WHOLE = 1_000_000_000n;

export function checkResources(resources: ResourceRequirements, path: string, findings: Findings): void {
  const { limits = {}, requests = {} } = resources;
  checkAmounts(limits, child(path, 'limits'), findings);
  checkAmounts(requests, child(path, 'requests'), findings);
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined) continue;
    const order = compareQuantities(request, limit);
    const field = child(path, 'requests');
    if (isFixed(name) && order !== 0) {
      findings.invalid(field, request, `must be equal to ${name} limit of ${limit}`);
    } else if (order > 0) {
      findings.invalid(field, request, `must be less than or equal to ${name} limit of ${limit}`);
    }
  }
}

function checkAmounts(amounts: Readonly<Record<string, string>>, path: string, findings: Findings): void {
  for (const [name, amount] of Object.entries(amounts)) {
    const field = `${path}[${name}]`;
    findings.invalidEach(field, name, qualifiedNameErrors(name));
    if (!name.includes('/') && !STANDARD.includes(name) && !name.startsWith('hugepages-')) {
      findings.invalid(field, name, 'must be a standard resource type or fully qualified');
      findings.invalid(field, name, 'must be a standard resource for containers');
    }
    const nanos = nanosOf(amount);
    if (nanos < 0n) findings.invalid(field, amount, NOT_NEGATIVE);
    if (name.includes('/') && nanos % WHOLE !== 0n) findings.invalid(field, amount, 'must be an integer');
  }
}

/** Resources that cannot be promised twice: huge pages and those of devices. */
function isFixed(name: string): boolean {
  return name.startsWith('hugepages-') || (name.includes('/') && !name.includes('kubernetes.io/'));
}
