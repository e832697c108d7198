import { startSshd } from "@lifeboat/test-servers";
import { suiteOn } from "./support/suite-on.ts";

suiteOn("sftpStorage on OpenSSH", () => startSshd());
