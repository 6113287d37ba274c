"""The citizen's portal: plain HTML without any script, in Hindi and English, served by central itself (DESIGN 8.2).

Each module of pages is a thin layer: it reads a form, asks a room of central, and shows a page or goes to another one.
After every form that did something the browser is sent on (303), so that a reload does nothing again.
"""
