"""What people see: windows, widgets, one task runner, translation. The only room with Qt (DESIGN 2.2, 9)."""
