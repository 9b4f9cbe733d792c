const SUFFIXES: Readonly<Record<string, readonly [base: bigint, exponent: number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  '': [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [2n, 10],
  Mi: [2n, 20],
  Gi: [2n, 30],
  Ti: [2n, 40],
  Pi: [2n, 50],
  Ei: [2n, 60],
};

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i))?$/;
/** Fine enough for every quantity the API server keeps exact. */
const DIGITS = 18;

/** A Kubernetes quantity (`100m`, `0.1`, `1Gi`, `1e3`) in units of 1e-18; `undefined` if it is none. */
export function parseQuantity(value: string | number): bigint | undefined {
  const match = QUANTITY.exec(String(value));
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent, suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const unit = SUFFIXES[suffix];
  if (unit === undefined) return undefined;
  const [base, power] = exponent === undefined ? unit : ([10n, Number(exponent)] as const);
  const scale = DIGITS - fraction.length + (base === 10n ? power : 0);
  let amount = BigInt(whole + fraction);
  amount = scale >= 0 ? amount * 10n ** BigInt(scale) : amount / 10n ** BigInt(-scale);
  if (base === 2n) amount *= 2n ** BigInt(power);
  return sign === '-' ? -amount : amount;
}

/** Whether two texts or numbers are the same amount. Not quantities: not equal. */
export function quantityEqual(left: string | number, right: string | number): boolean {
  const amount = parseQuantity(left);
  return amount !== undefined && amount === parseQuantity(right);
}
