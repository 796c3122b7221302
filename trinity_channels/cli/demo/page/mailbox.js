// The mailbox on a page of its own.

import { drawMails } from "./mails.js";

const POLL_MS = 1000;

await drawMails();
setInterval(() => drawMails().catch(() => {}), POLL_MS);
