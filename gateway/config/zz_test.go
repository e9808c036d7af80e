package config
import ("os";"runtime/debug";"fmt";"testing")
func TestMain(m *testing.M){ f,_:=os.Create(fmt.Sprintf("/tmp/crash-%d",os.Getpid())); debug.SetCrashOutput(f,debug.CrashOptions{}); debug.SetTraceback("all"); m.Run() }
