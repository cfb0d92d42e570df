/** A blob as the rest of the code knows bytes: not as a Buffer, whose slices alias it. */
export function plainBytes(blob: Uint8Array): Uint8Array {
  return new Uint8Array(blob);
}
