import { type Browser, chromium } from 'playwright-core';
import { findProgram } from '../parts/programs.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Letters without coloured edges: pictures are smaller, and the same everywhere.
  '--disable-lcd-text',
];

/** True where a Chromium is installed, or a sentence that says what to install. */
export function chromiumAvailable(): true | string {
  if (findChromium() !== undefined) return true;
  return 'There is no chromium: run `apt-get install chromium`.';
}

/** Opens the system's Chromium, headless, with a new and empty profile. */
export async function openChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(String(chromiumAvailable()));
  return chromium.launch({ executablePath, args: ARGS });
}

// --- internal ---

function findChromium(): string | undefined {
  return findProgram('chromium', 'chromium-browser', 'google-chrome');
}
