import { keyOfRef, type TreeNode, type TreeRef } from '../../core/tree/resource-tree.ts';

/** Which Pods of a tree; what is empty leaves none out. */
export interface PodChoice {
  readonly podName: string;
  readonly namespace: string;
  /** Of an object that the Pods are, or belong to. */
  readonly group: string;
  readonly kind: string;
  readonly resourceName: string;
}

/** The Pods that are, or descend from, what was chosen. */
export function podsOf(nodes: readonly TreeNode[], choice: PodChoice): readonly TreeNode[] {
  const byKey = new Map(nodes.map((node) => [keyOfRef(node), node]));
  return nodes.filter(
    (node) =>
      (node.group ?? '') === '' &&
      node.kind === 'Pod' &&
      node.uid !== undefined &&
      (choice.podName === '' || node.name === choice.podName) &&
      (choice.namespace === '' || node.namespace === choice.namespace) &&
      descends(node, choice, byKey),
  );
}

function descends(
  node: TreeNode,
  choice: PodChoice,
  byKey: ReadonlyMap<string, TreeNode>,
  seen: ReadonlySet<string> = new Set(),
): boolean {
  if (isChosen(node, choice)) return true;
  const key = keyOfRef(node);
  if (seen.has(key)) return false;
  const further = new Set([...seen, key]);
  return (node.parentRefs ?? []).some((parent) => {
    const above = byKey.get(keyOfRef(parent));
    return above !== undefined && descends(above, choice, byKey, further);
  });
}

const isChosen = (
  { group = '', kind, name }: TreeRef,
  { group: chosenGroup, kind: chosenKind, resourceName }: PodChoice,
): boolean =>
  (chosenKind === '' || kind === chosenKind) &&
  (chosenGroup === '' || group === chosenGroup) &&
  (resourceName === '' || name === resourceName);
