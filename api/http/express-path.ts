/** `/api/{name}` as Express writes it; the parameters themselves are read by `paramsOf`. */
export function expressPath(path: string): string {
  let index = 0;
  return path.replaceAll(/\{([^}]+)\}/g, (_all, name: string) => {
    index += 1;
    return name.endsWith('=**') ? `*p${index}` : `:p${index}`;
  });
}
