import type { KubeObject } from '../core/objects/kube-object.ts';

/** ConfigMaps and Secrets of the control-plane namespace that configure Tiphys. Secrets never leave it but as what they configure. */
export interface ConfigStore {
  configMap(name: string): KubeObject | undefined;
  secret(name: string): KubeObject | undefined;
  /** Secrets whose label `argocd.argoproj.io/secret-type` has this value: `cluster`, `repository`, … */
  secretsOfType(type: string): readonly KubeObject[];
  /** Takes in what a write returned, so that the next read is never older than it. */
  observe(object: KubeObject): void;
  /** Takes in that an object was deleted. */
  observeGone(object: KubeObject): void;
  /** The listener must not throw or wait. */
  onChange(listener: (object: KubeObject) => void): Disposable;
}
