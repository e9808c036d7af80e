package config
import ("testing";"fmt";"os")
func TestTry(t *testing.T){
 env:=func(k string)(string,bool){ if k=="LLMGW_CLUSTER_SECRET"{return "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",true}; return "v-"+k,true}
 c,err:=Load(os.Getenv("TRY"),Options{Env:env}); if err!=nil{fmt.Println(err);return}
 fmt.Println(c.Warnings()); fmt.Println(string(c.Show())); fmt.Println(c.Digest(), c.Providers[0].Instances[0].ID()); fmt.Printf("%+v\n",c)
}
