// What a guest does on the page, in the words of the page. Journeys are made of these.

/** Opens a share link, types a name and joins. */
export async function join(page, link, name) {
  await page.goto(link);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await files(page).waitFor();
}

/** Opens the link and asks to come in under this name. */
export async function ask(page, link, name) {
  await page.goto(link);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Ask to join', exact: true }).click();
  await page.getByRole('heading', { name: 'Waiting for Ines' }).waitFor();
}

/** The folder's address, without the link's secret. */
export const folderOf = (link) => link.replace(/#.*/, '');

/** The list of files. */
export const files = (page) => page.getByRole('navigation', { name: 'Files' });

/** Opens a file from the list and waits until it is live. */
export async function open(page, name) {
  await files(page).getByText(name, { exact: true }).click();
  await page.getByRole('status').getByText('Live', { exact: true }).first().waitFor();
}

/** The cell at this place, counted from 1, whatever its kind. */
export const cell = (page, number) => page.getByRole('article', { name: new RegExp(`cell ${number} of `) });

/** Puts the caret at the end of a code cell and types a new line. */
export async function typeInto(page, number, text) {
  await cell(page, number).locator('pre, .cm-content').first().click();
  const editor = cell(page, number).locator('.cm-content');
  await editor.waitFor();
  await editor.focus();
  await page.keyboard.press('Control+End');
  await page.keyboard.press('Enter');
  await page.keyboard.type(text, { delay: 5 });
}

/** Waits until the page says that the host has every edit, and the file does not. */
export const onHost = (page) => page.getByText('On the host', { exact: true }).first().waitFor();

/** Waits until the page says that everything is in the file. */
export const written = (page) => page.getByText(/^In the file/).first().waitFor();
