import { expect, it } from '@jest/globals';
import { csvLine } from './csv.ts';

it.each([
  [['a', 1, true, null], 'a,1,true,\r\n'],
  [['a,b', 'say "x"', 'two\nlines'], '"a,b","say ""x""","two\nlines"\r\n'],
  [['=1+1', '+1', '-1', '@x', '\tx'], "'=1+1,'+1,'-1,'@x,'\tx\r\n"],
  [[-1], '-1\r\n'],
  [['=a,"b"'], '"\'=a,""b"""\r\n'],
])('%j is one line', (cells, line) => {
  expect(csvLine(cells)).toBe(line);
});
