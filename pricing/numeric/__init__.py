"""The numeric floor: functions of + - * / and sqrt whose bits do not depend on the machine."""
