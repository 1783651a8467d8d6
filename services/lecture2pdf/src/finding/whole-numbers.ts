// Of small whole numbers, without a branch: no processor guesses which of two pixels is brighter, and each wrong guess
// costs more than the rest of the loop.

export function lower(a: number, b: number): number {
  const difference = a - b;
  return b + (difference & (difference >> 31));
}

export function higher(a: number, b: number): number {
  const difference = a - b;
  return a - (difference & (difference >> 31));
}

export function distance(a: number, b: number): number {
  const difference = a - b;
  const sign = difference >> 31;
  return (difference ^ sign) - sign;
}
