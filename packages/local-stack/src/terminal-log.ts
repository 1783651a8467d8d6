import type { StackLog } from './supervisor.ts';

const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
const NAME_WIDTH = 18;

/** Prints each line behind the coloured name of who said it; without colours where nobody would see them. */
export function terminalLog(stdout: NodeJS.WriteStream, noColour: boolean): StackLog {
  const coloured = stdout.isTTY && !noColour;
  const colourOf = new Map<string, number>();
  return (source, line) => {
    const colour = colourOf.get(source) ?? COLOURS[colourOf.size % COLOURS.length] ?? 0;
    colourOf.set(source, colour);
    const name = source.padEnd(NAME_WIDTH);
    stdout.write(`${coloured ? `\u001b[${colour}m${name}\u001b[0m` : name} ${line}\n`);
  };
}
