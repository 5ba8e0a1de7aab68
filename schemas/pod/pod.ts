// The same as kind.ts, by the name of the object.
export { type Pod, podKind } from './kind.ts';
