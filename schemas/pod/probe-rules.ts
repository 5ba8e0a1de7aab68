// The rules for probes and lifecycle actions.
import { child, type Findings } from '../findings.ts';
import { NOT_NEGATIVE } from '../metadata-rules.ts';
import { headerErrors, portNameErrors, portNumberErrors } from '../names.ts';
import type { HttpGetAction, LifecycleAction, Probe } from './probe.ts';

const TIMES = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

type Action = LifecycleAction & Pick<Probe, 'grpc'>;

/** `single`: a success of this probe must count at once. */
export function checkProbe(probe: Probe, path: string, single: boolean, findings: Findings): void {
  checkAction(probe, path, findings);
  for (const field of TIMES) {
    const value = probe[field];
    if (value !== undefined && value < 0) findings.invalid(child(path, field), value, NOT_NEGATIVE);
  }
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0) {
    findings.invalid(child(path, 'terminationGracePeriodSeconds'), grace, 'must be greater than 0');
  }
  if (single && probe.successThreshold !== 1) {
    findings.invalid(child(path, 'successThreshold'), probe.successThreshold, 'must be 1');
  }
}

/** Exactly one way of acting, and that one well-formed. */
export function checkAction(action: Action, path: string, findings: Findings): void {
  let count = 0;
  for (const way of ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const) {
    if (action[way] === undefined) continue;
    count += 1;
    if (count > 1) findings.forbidden(child(path, way), 'may not specify more than 1 handler type');
    else checkWay(action, way, child(path, way), findings);
  }
  if (count === 0) findings.required(path, 'must specify a handler type');
}

function checkWay(action: Action, way: string, path: string, findings: Findings): void {
  if (way === 'exec' && !action.exec?.command?.length) findings.required(child(path, 'command'));
  if (way === 'httpGet') checkHttpGet(action.httpGet!, path, findings);
  if (way === 'tcpSocket') checkPort(action.tcpSocket!.port, child(path, 'port'), findings);
  if (way === 'grpc')
    findings.invalidEach(child(path, 'port'), action.grpc!.port, portNumberErrors(action.grpc!.port));
  if (way === 'sleep' && action.sleep!.seconds < 0) {
    findings.invalid(child(path, 'seconds'), action.sleep!.seconds, NOT_NEGATIVE);
  }
}

function checkHttpGet(action: HttpGetAction, path: string, findings: Findings): void {
  checkPort(action.port, child(path, 'port'), findings);
  action.httpHeaders?.forEach(({ name }, i) => {
    if (name !== '') findings.invalidEach(`${path}.httpHeaders[${i}].name`, name, headerErrors(name));
  });
}

/** A port by number or by the name of a container port. */
function checkPort(port: number | string, path: string, findings: Findings): void {
  if (typeof port === 'number') findings.invalidEach(path, port, portNumberErrors(port));
  else if (port !== '') findings.invalidEach(path, port, portNameErrors(port));
}
