// Trees as they are answered, as far as the scenarios look at them.

export interface Node {
  readonly kind: string;
  readonly name: string;
  readonly uid?: string;
  readonly parentRefs?: readonly { readonly kind: string; readonly name: string }[];
  readonly info?: readonly { readonly name: string; readonly value: string }[];
  readonly images?: readonly string[];
  readonly health?: { readonly status: string };
  readonly networkingInfo?: { readonly targetLabels?: object; readonly labels?: object };
}

export interface Tree {
  readonly shardsCount?: number;
  readonly nodes: readonly Node[];
  readonly hosts?: readonly { readonly name: string; readonly resourcesInfo: readonly object[] }[];
}
