"""The screens of the desk (DESIGN 9.2). Each is given the `Kit` and the `Session` and keeps no state of its own."""
