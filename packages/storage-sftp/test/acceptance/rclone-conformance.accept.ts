import { startRcloneSftp } from "@lifeboat/test-servers";
import { suiteOn } from "../support/suite-on.ts";

suiteOn("sftpStorage on rclone", () => startRcloneSftp());
