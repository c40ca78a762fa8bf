// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium on one address, driven by playwright-core:
//
//   node browser.js URL [OPTION OF CHROMIUM...]
//
// It says what the page writes to the console and which errors its scripts end with, and runs
// until its standard input is closed.
'use strict';

const { chromium } = require('playwright-core');

const OPTIONS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-background-networking',
	'--disable-dev-shm-usage',
	'--no-proxy-server',
];

async function open(url, options) {
	const browser = await chromium.launch({
		executablePath: '/usr/bin/chromium',
		headless: true,
		args: [...OPTIONS, ...options],
	});
	const page = await browser.newPage();

	page.on('console', (message) => console.log('console:', message.text()));
	page.on('pageerror', (error) => console.log('error:', error.message));
	await page.goto(url);
	return browser;
}

async function main([url, ...options]) {
	const browser = await open(url, options);

	process.stdin.resume();
	process.stdin.on('end', async () => {
		await browser.close();
		process.exit(0);
	});
}

main(process.argv.slice(2)).catch((error) => {
	console.error(error.message);
	process.exit(1);
});
