/** The names that labels of Kubernetes objects have as labels of metrics: `label_` and what Prometheus allows. */
export function labelNames(labels: readonly string[]): ReadonlyMap<string, string> {
  return new Map(labels.map((label) => [`label_${label.replace(/\W/g, '_')}`, label]));
}

/** Their values; empty where the object has no such label. */
export function chosenLabels(
  labels: Readonly<Record<string, string>>,
  shown: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from(shown, ([name, label]) => [name, labels[label] ?? '']));
}
