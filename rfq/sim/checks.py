"""stub"""
from rfq.audit.writer import *
class Checks:
    def __init__(self, parties): self.violations=[]
    def on_left(self, effect, raw, now): pass
    def on_record(self, stamped, effects): pass
    def begin(self, desk): pass
def CheckedWriter(w, c): return w
