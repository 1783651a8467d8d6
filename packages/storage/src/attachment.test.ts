import { expect, it } from '@jest/globals';
import { attachmentNamed } from './attachment.ts';

it.each([
  ['a.pdf', `attachment; filename="a.pdf"; filename*=UTF-8''a.pdf`],
  [
    'Résumé (1).pdf',
    `attachment; filename="R_sum_ (1).pdf"; filename*=UTF-8''R%C3%A9sum%C3%A9%20%281%29.pdf`,
  ],
  ['a"b%.txt', `attachment; filename="a_b_.txt"; filename*=UTF-8''a%22b%25.txt`],
  ['a\r\nSet-Cookie: b', `attachment; filename="a__Set-Cookie: b"; filename*=UTF-8''a__Set-Cookie%3A%20b`],
  ['../../etc/passwd', `attachment; filename=".._.._etc_passwd"; filename*=UTF-8''.._.._etc_passwd`],
  ['\ud800', `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
])('%j is offered safely', (name, header) => {
  expect(attachmentNamed(name)).toBe(header);
});
