import type { SafetyReport } from '../../contracts/safety-operations/reports.ts';

/** Lines of `section,name,value`; an unknown value is empty. */
export function reportCsv(document: SafetyReport): string {
  const lines: (readonly string[])[] = [['section', 'name', 'value']];
  const add = (section: string, path: string, value: unknown): void => {
    if (Array.isArray(value)) value.forEach((item, i) => add(section, `${i + 1}`, item));
    else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        add(section, path === '' ? name : `${path}.${name}`, inner);
      }
    } else
      lines.push([
        section,
        path,
        typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value),
      ]);
  };
  for (const [section, value] of Object.entries(document)) add(section, '', value);
  return lines.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
