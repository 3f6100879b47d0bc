/** The camera, looked through for a QR code. No picture leaves this component, and the camera ends with it. */

import { useSignal } from "@preact/signals";
import jsQR from "jsqr";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { t } from "../../text/text.ts";

/** Milliseconds between two looks, and the longer side of the picture that is looked at, pixels. */
const LOOK = 150;
const SIDE = 640;

export function Scanner({ onFound }: { readonly onFound: (text: string) => void }): JSX.Element {
  const video = useRef<HTMLVideoElement>(null);
  const failure = useSignal<string | null>(null);
  useEffect(() => {
    const shown = video.current;
    if (shown === null) return undefined;
    const watching = watch(shown, onFound);
    watching.failed.catch((error: unknown) => {
      const denied = error instanceof Error && error.name === "NotAllowedError";
      failure.value = t(denied ? "account.camera.denied" : "account.camera.none");
    });
    return watching.stop;
  }, []);
  return (
    <div class="scanner">
      <video
        ref={video} class="scanner-picture" muted playsInline aria-label={t("account.camera.picture")}
        hidden={failure.value !== null}
      />
      <p class="quiet" role="status">{failure.value ?? t("account.camera.hold")}</p>
    </div>
  );
}

interface Watching {
  readonly stop: () => void;
  /** Rejected when there is no camera to look through. */
  readonly failed: Promise<void>;
}

function watch(video: HTMLVideoElement, found: (text: string) => void): Watching {
  let [stream, ended]: [MediaStream | null, boolean] = [null, false];
  let clock: ReturnType<typeof setTimeout> | undefined;
  const canvas = document.createElement("canvas");
  const stop = (): void => {
    ended = true;
    clearTimeout(clock);
    for (const track of stream?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  };
  const look = (): void => {
    if (ended) return;
    const text = read(video, canvas);
    if (text === null) {
      clock = setTimeout(look, LOOK);
      return;
    }
    stop();
    found(text);
  };
  const start = async (): Promise<void> => {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    if (ended) {
      stop();
      return;
    }
    video.srcObject = stream;
    await video.play();
    look();
  };
  return { stop, failed: start() };
}

function read(video: HTMLVideoElement, canvas: HTMLCanvasElement): string | null {
  const { videoWidth, videoHeight } = video;
  if (videoWidth === 0 || videoHeight === 0) return null;
  const scale = Math.min(1, SIDE / Math.max(videoWidth, videoHeight));
  [canvas.width, canvas.height] = [Math.round(videoWidth * scale), Math.round(videoHeight * scale)];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return null;
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  return jsQR.default(data, width, height)?.data ?? null;
}
