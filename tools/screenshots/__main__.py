"""Takes every picture, and removes those that are taken no longer: `python -m tools.screenshots`."""

from server.clock import stopwatch_s
from tools.screenshots import administrators, representatives, supervisors
from tools.screenshots.studio import IMAGES, opened

began = stopwatch_s()
IMAGES.mkdir(parents=True, exist_ok=True)
with opened() as studio:
    for chapter in (representatives, supervisors, administrators):
        chapter.take(studio)
for path in IMAGES.glob("*.png"):
    if path.stem not in studio.taken:
        path.unlink()
print(f"{len(studio.taken)} pictures in docs/images after {stopwatch_s() - began:.0f} s")
