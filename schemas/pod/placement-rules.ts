// The rules for where a pod wants to run.
import type { Findings } from '../findings.ts';
import { checkLabels } from '../metadata-rules.ts';
import { qualifiedNameErrors } from '../names.ts';
import { checkLabelSelector } from '../selector.ts';
import type { NodeSelectorRequirement, NodeSelectorTerm, PodAffinityTerm, Toleration } from './affinity.ts';
import type { PodSpec } from './pod-spec.ts';

const NO_KEY = 'can not be empty';

export function checkPlacement(spec: PodSpec, findings: Findings): void {
  checkLabels(spec.nodeSelector, 'spec.nodeSelector', findings);
  spec.tolerations?.forEach((toleration, i) => {
    checkToleration(toleration, `spec.tolerations[${i}]`, findings);
  });
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec.affinity ?? {};
  if (nodeAffinity) checkNodeAffinity(nodeAffinity, 'spec.affinity.nodeAffinity', findings);
  if (podAffinity) checkPodTerms(podAffinity, 'spec.affinity.podAffinity', findings);
  if (podAntiAffinity) checkPodTerms(podAntiAffinity, 'spec.affinity.podAntiAffinity', findings);
  checkSpread(spec, findings);
  const gates = new Set<string>();
  spec.schedulingGates?.forEach(({ name }, i) => {
    const path = `spec.schedulingGates[${i}]`;
    if (gates.has(name)) findings.duplicate(path, name);
    gates.add(name);
    findings.invalidEach(path, name, qualifiedNameErrors(name));
  });
  if (spec.nodeName && gates.size > 0) {
    findings.forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared');
  }
}

function checkToleration(toleration: Toleration, path: string, findings: Findings): void {
  const { key, operator, value, effect, tolerationSeconds } = toleration;
  if (key) findings.invalidEach(`${path}.key`, key, qualifiedNameErrors(key));
  if (!key && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    findings.invalid(`${path}.operator`, operator ?? '', detail);
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    findings.invalid(`${path}.effect`, effect ?? '', detail);
  }
  if (operator === 'Exists' && value) {
    findings.invalid(`${path}.operator`, toleration, "value must be empty when `operator` is 'Exists'");
  }
}

type NodeAffinity = NonNullable<NonNullable<PodSpec['affinity']>['nodeAffinity']>;
type PodAffinity = NonNullable<NonNullable<PodSpec['affinity']>['podAffinity']>;

function checkNodeAffinity(affinity: NodeAffinity, path: string, findings: Findings): void {
  const required = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  if (required) {
    const at = `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
    if (required.nodeSelectorTerms.length === 0) {
      findings.required(at, 'must have at least one node selector term');
    }
    required.nodeSelectorTerms.forEach((term, i) => {
      checkNodeTerm(term, `${at}[${i}]`, findings);
    });
  }
  affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ weight, preference }, i) => {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
    checkWeight(weight, at, findings);
    checkNodeTerm(preference, `${at}.preference`, findings);
  });
}

function checkNodeTerm(term: NodeSelectorTerm, path: string, findings: Findings): void {
  term.matchExpressions?.forEach((requirement, i) => {
    const at = `${path}.matchExpressions[${i}]`;
    checkNodeRequirement(requirement, at, findings);
    if (requirement.key !== '') {
      findings.invalidEach(`${at}.key`, requirement.key, qualifiedNameErrors(requirement.key));
    }
  });
  term.matchFields?.forEach(({ key, operator, values = [] }, i) => {
    const at = `${path}.matchFields[${i}]`;
    if (key !== '' && key !== 'metadata.name') {
      findings.invalid(`${at}.key`, key, 'not a valid field selector key');
    }
    if (operator !== 'In' && operator !== 'NotIn') {
      if (operator !== '') findings.invalid(`${at}.operator`, operator, 'not a valid selector operator');
    } else if (values.length !== 1) {
      const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
      findings.required(`${at}.values`, detail);
    }
  });
}

function checkNodeRequirement(requirement: NodeSelectorRequirement, path: string, findings: Findings): void {
  const { operator, values = [] } = requirement;
  const at = `${path}.values`;
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) findings.required(at, "must be specified when `operator` is 'In' or 'NotIn'");
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      findings.forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    }
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) {
      findings.required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'");
    }
  } else if (operator !== '') findings.invalid(`${path}.operator`, operator, 'not a valid selector operator');
}

function checkPodTerms(affinity: PodAffinity, path: string, findings: Findings): void {
  affinity.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) => {
    checkPodTerm(term, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`, findings);
  });
  affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ weight, podAffinityTerm }, i) => {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
    checkWeight(weight, at, findings);
    checkPodTerm(podAffinityTerm, `${at}.podAffinityTerm`, findings);
  });
}

function checkPodTerm(term: PodAffinityTerm, path: string, findings: Findings): void {
  checkLabelSelector(term.labelSelector, `${path}.labelSelector`, findings);
  checkLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`, findings);
  if (term.topologyKey === '') findings.required(`${path}.topologyKey`, NO_KEY);
  else findings.invalidEach(`${path}.topologyKey`, term.topologyKey, qualifiedNameErrors(term.topologyKey));
}

function checkWeight(weight: number, path: string, findings: Findings): void {
  if (weight < 1 || weight > 100) findings.invalid(`${path}.weight`, weight, 'must be in the range 1-100');
}

function checkSpread(spec: PodSpec, findings: Findings): void {
  const seen = new Set<string>();
  spec.topologySpreadConstraints?.forEach((constraint, i) => {
    const path = `spec.topologySpreadConstraints[${i}]`;
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains } = constraint;
    if (maxSkew <= 0) findings.invalid(`${path}.maxSkew`, maxSkew, 'must be greater than zero');
    if (topologyKey === '') findings.required(`${path}.topologyKey`, NO_KEY);
    if (minDomains !== undefined && minDomains <= 0) {
      findings.invalid(`${path}.minDomains`, minDomains, 'must be greater than zero');
    }
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
    if (seen.has(pair)) findings.duplicate(`${path}.{topologyKey, whenUnsatisfiable}`, pair);
    seen.add(pair);
    checkLabelSelector(constraint.labelSelector, `${path}.labelSelector`, findings);
  });
}
