-- expect: undefined name 'os'
os.execute("true")
